"""Why klods lacks names and arguments of Keras, or has them otherwise. The page and the tests read it from here."""

from __future__ import annotations

OPENING = """# What of Keras is there

Each public name of Keras 3.15, module by module: whether klods has it, and what differs. Of {total} names {same} are
the same, {differs} differ and {no} are not there. What is missing fails with an error that names it.

- **same**: it is called with the same arguments, in the same order and with the same defaults. That values, gradients
  and configurations agree with Keras's is what `tests/oracle` checks.
- **differs**: it is there, and what differs is said.
- **no**: it isn't there, and why.

klods is for networks of dense layers so far, on processors, in one process. `python docs/api_table.py` writes this page
from the two libraries; reasons stand in `docs/api_reasons.py`.
"""

CONVOLUTION = "klods has no convolution or pooling of windows yet"
RECURRENCE = "klods has no recurrence yet"
ATTENTION = "klods has no attention yet"
IMAGES = "klods has no operations on images yet"
AUDIO = "for audio"
QUANTIZED = "klods doesn't quantize"
PRECISION = "each layer has one dtype: see `dtype=` and `keras.config.set_floatx`"
DISTRIBUTED = "klods runs in one process, on processors"
PURE = "for JAX, whose functions keep no state; a step of klods is traced as it stands"
BACKENDS = "klods is its own backend"
OTHERS = "wraps models of other frameworks"
INTERNAL = "Keras uses it inside"
LEGACY = "what Keras keeps of Keras 2"
SPARSE = "klods has dense tensors only"
COMPLEX = "klods has no complex numbers"
LOOPS = "write the loop in Python: a traced function unrolls it"

MISSING: dict[str, dict[str, str]] = {
    "keras": {
        PRECISION: "FloatDTypePolicy",
        QUANTIZED: "Quantizer quantizers",
        DISTRIBUTED: "device distribution",
        PURE: "StatelessScope SymbolicScope",
        "part of a model that is a `Model` in klods": "Function",
        "the base of layers and functions inside Keras; write a `Layer`": "Operation",
        "recomputes activations to save memory; klods plans memory itself": "RematScope remat",
        "large image models, made of convolutions": "applications",
        "a student that learns from a teacher: write `compute_loss`": "distillation",
        LEGACY: "legacy",
        "names of weights come from layers": "name_scope",
        "pictures with boxes and masks, for images": "visualization",
        "models as estimators of scikit-learn": "wrappers",
    },
    "keras.layers": {
        CONVOLUTION: "AdaptiveAveragePooling1D AdaptiveAveragePooling2D AdaptiveAveragePooling3D AdaptiveMaxPooling1D "
        "AdaptiveMaxPooling2D AdaptiveMaxPooling3D AveragePooling1D AveragePooling2D AveragePooling3D AvgPool1D "
        "AvgPool2D AvgPool3D Conv1D Conv1DTranspose Conv2D Conv2DTranspose Conv3D Conv3DTranspose Convolution1D "
        "Convolution1DTranspose Convolution2D Convolution2DTranspose Convolution3D Convolution3DTranspose "
        "Cropping1D Cropping2D Cropping3D DepthwiseConv1D DepthwiseConv2D GlobalAveragePooling2D "
        "GlobalAveragePooling3D GlobalAvgPool2D GlobalAvgPool3D GlobalMaxPool2D GlobalMaxPool3D GlobalMaxPooling2D "
        "GlobalMaxPooling3D "
        "MaxPool1D MaxPool2D MaxPool3D MaxPooling1D MaxPooling2D MaxPooling3D SeparableConv1D SeparableConv2D "
        "SeparableConvolution1D SeparableConvolution2D SpatialDropout2D SpatialDropout3D UpSampling1D "
        "UpSampling2D UpSampling3D ZeroPadding1D ZeroPadding2D ZeroPadding3D",
        RECURRENCE: "Bidirectional ConvLSTM1D ConvLSTM2D ConvLSTM3D GRU GRUCell LSTM LSTMCell RNN SimpleRNN "
        "SimpleRNNCell StackedRNNCells",
        ATTENTION: "AdditiveAttention Attention GroupQueryAttention MultiHeadAttention",
        IMAGES: "AugMix AutoContrast CenterCrop ContrastLimitedAdaptiveHistogramEqualization CutMix Equalization "
        "MaxNumBoundingBoxes MixUp RandAugment RandomBrightness RandomColorDegeneration RandomColorJitter "
        "RandomContrast RandomCrop RandomElasticTransform RandomErasing RandomFlip RandomGaussianBlur "
        "RandomGrayscale RandomHue RandomInvert RandomPerspective RandomPosterization RandomRotation "
        "RandomSaturation RandomSharpness RandomShear RandomTranslation RandomZoom Resizing Solarization",
        AUDIO: "MelSpectrogram STFTSpectrogram",
        OTHERS: "FlaxLayer JaxLayer TFSMLayer TorchModuleWrapper",
        "layers of preprocessing in a row: `map` a `Dataset`, or use `Sequential`": "Pipeline",
        "an embedding that goes back to words, for language models": "ReversibleEmbedding",
        "write a `Layer` that calls the layer it wraps": "SpectralNormalization Wrapper",
    },
    "keras.initializers": {"windows of SciPy, for audio": "STFT STFTInitializer stft"},
    "keras.optimizers": {
        "optimizers for parts of a model: write `train_step`": "MultiOptimizer OptimizerMap",
        LEGACY: "legacy",
    },
    "keras.callbacks": {
        "writes through Orbax, a library of JAX": "OrbaxCheckpoint",
    },
    "keras.utils": {
        "a dict with attributes, which nothing of Keras takes": "Config",
        "a table of layers of preprocessing: use the layers in `map`, or before a model": "FeatureSpace",
        AUDIO: "audio_dataset_from_directory",
        "for the detection of objects": "bounding_boxes",
        "Keras's own graph of operations": "get_source_inputs",
        LEGACY: "legacy",
    },
    "keras.preprocessing.image": {IMAGES: "smart_resize"},
    "keras.saving": {"edits files by hand: h5py reads `.weights.h5`": "KerasFileEditor"},
    "keras.export": {"TensorFlow's SavedModel; `Model.export` writes ONNX": "ExportArchive"},
    "keras.config": {
        ATTENTION: "disable_flash_attention enable_flash_attention is_flash_attention_enabled",
        "klods runs no code out of files": "enable_unsafe_deserialization",
        BACKENDS: "is_nnx_enabled set_backend",
        "for Keras's own tests": "max_epochs max_steps_per_epoch set_max_epochs set_max_steps_per_epoch",
    },
    "keras.dtype_policies": {
        QUANTIZED: "AWQDTypePolicy GPTQDTypePolicy Int4DTypePolicy QuantizedDTypePolicy QuantizedFloat8DTypePolicy",
        PRECISION: "DTypePolicyMap FloatDTypePolicy",
    },
    "keras.backend": {INTERNAL: "get_uid result_type"},
    "keras.ops": {
        CONVOLUTION: "adaptive_average_pool adaptive_max_pool average_pool conv conv_transpose depthwise_conv fold "
        "max_pool separable_conv unfold depth_to_space space_to_depth",
        ATTENTION: "dot_product_attention",
        IMAGES: "image",
        AUDIO: "extract_sequences fft fft2 ifft2 irfft istft rfft stft",
        COMPLEX: "angle conj conjugate eig imag isreal polar real view_as_complex view_as_real",
        LOOPS: "vectorize",
        "the same functions are in `keras.ops`": "numpy",
        "reads the bits of numbers as others: NumPy has it, before training": "view",
        "a Bessel function, of which NumPy lacks the derivative": "i0",
    },
    "keras.Layer": {
        "there to say that it is gone": "add_metric",
        QUANTIZED: "quantization_mode quantize quantized_build quantized_call",
        "recomputes activations to save memory; klods plans memory itself": "rematerialized_call",
        INTERNAL: "symbolic_call",
    },
    "keras.Model": {
        INTERNAL: "compile_from_config make_predict_function make_test_function make_train_function",
        PURE: "compute_loss_and_updates get_state_tree jax_state_sync set_state_tree stateless_compute_loss",
        QUANTIZED: "get_quantization_layer_structure",
    },
    "keras.optimizers.Optimizer": {INTERNAL: "load_own_variables save_own_variables"},
    "keras.KerasTensor": {
        SPARSE: "ragged ragged_rank row_splits_dtype sparse",
        "use `keras.ops`": "reshape squeeze",
    },
    "keras.Variable": {
        DISTRIBUTED: "aggregation synchronization",
        "a layer keeps it with the weight": "constraint regularizer",
        QUANTIZED: "overwrite_with_gradient",
        "names of weights come from layers": "path",
    },
}

# Why arguments are missing, wherever they are.
ARGUMENTS = {
    SPARSE: "sparse ragged",
    PRECISION: "autocast",
    QUANTIZED: "quantization_config gptq_unpacked_column_size overwrite_with_gradient",
    DISTRIBUTED: "aggregation layout synchronization",
    "an input is always needed": "optional",
    "a placeholder is made anew": "tensor input_tensor",
    PURE: "state",
    "give `lora_rank` to the constructor": "enable_lora",
    INTERNAL: "convert_input convert_weight finalize_state reset_state update_state vocabulary_dtype "
    "interpolate_pr_auc lr_adjust transpose_last_axis zeropower_via_newtonschulz5 get_monitor_value",
}

# Modules of which one sentence says what differs in many names: the sentence, and what it is about.
OF_LAYERS = (
    "Layers have no `autocast`, for mixed precision. Their signatures name `input_shape` and `input_dim`, which Keras "
    "takes as further keywords.",
    {"without": "autocast", "also": "input_shape input_dim"},
)
EVERYWHERE: dict[str, tuple[str, dict[str, str]]] = {
    "keras": OF_LAYERS,
    "keras.models": OF_LAYERS,
    "keras.layers": OF_LAYERS,
    "keras.initializers": ("The laws are Keras's; the numbers that a seed gives are NumPy's.", {}),
    "keras.random": ("The laws are Keras's, and the rules for seeds; the numbers that a seed gives are NumPy's.", {}),
    "keras.optimizers": (
        "The arguments that all optimizers share are given by name.",
        {
            "by name only": "weight_decay clipnorm clipvalue global_clipnorm use_ema ema_momentum "
            "ema_overwrite_frequency loss_scale_factor gradient_accumulation_steps name"
        },
    ),
}

# What the comparison of signatures sees though it makes no difference: defaults that mean the same or that Keras can't
# work with, keywords that aren't passed on, arguments of functions that everybody defines anew.
HARMLESS = {
    **dict.fromkeys(
        [f"keras.layers.Global{pooling}1D" for pooling in ("AveragePooling", "AvgPool", "MaxPooling", "MaxPool")],
        "pool_dimensions",
    ),
    "keras.Layer.add_weight": "shape",
    "keras.Layer.call": "inputs args kwargs",
    "keras.Layer.compute_output_shape": "input_shape args kwargs",
    "keras.Layer.compute_output_spec": "inputs args kwargs",
    "keras.callbacks.ReduceLROnPlateau": "baseline",
    "keras.metrics.Metric.add_weight": "initializer",
}

FAMILIES = (
    "activations", "constraints", "initializers", "layers", "losses", "metrics", "optimizers", "optimizers.schedules",
    "regularizers",
)  # fmt: skip
ONNX = "klods writes ONNX alone, of what `predict` computes"
VARIABLE = "klods's variables are TensorFlow's"
BY_NAME = "after arguments that klods lacks"
# What else differs, by name.
DIFFERENT = {
    **{f"keras.{family}.serialize": "its argument is called `value` in all modules" for family in FAMILIES},
    **dict.fromkeys(("keras.Input", "keras.layers.Input"), BY_NAME),
    **{
        f"keras.layers.{name}": f"{BY_NAME}, as in all layers"
        for name in ("Discretization", "HashedCrossing", "IntegerLookup", "StringLookup", "TextVectorization")
    },
    "keras.layers.InputLayer": "it has no weights and no penalty; by name: " + BY_NAME,
    **dict.fromkeys(
        ("keras.InputSpec", "keras.layers.InputSpec"), "a plain record of shapes, which no configuration holds"
    ),
    **dict.fromkeys(
        ("keras.optimizers.LossScaleOptimizer", "keras.mixed_precision.LossScaleOptimizer"),
        "it doesn't list further keywords, of which Keras takes none but their defaults",
    ),
    "keras.KerasTensor": "every placeholder remembers the call that gave it",
    **dict.fromkeys(("keras.Model", "keras.models.Model"), "in its signature, which Keras takes as further keywords"),
    **dict.fromkeys(("keras.Variable.assign", "keras.Variable.assign_add", "keras.Variable.assign_sub"), VARIABLE),
    **dict.fromkeys(
        ("keras.models.save_model", "keras.saving.save_model", "keras.Model.save"), "a `.keras` file is always one file"
    ),
    **dict.fromkeys(("keras.saving.save_weights", "keras.Model.save_weights"), "weights are one file"),
    "keras.Model.export": ONNX,
    "keras.callbacks.LambdaCallback": "takes a function for every hook, by name",
    "keras.callbacks.TensorBoard": "no pictures of embeddings",
    **{
        f"keras.datasets.{name}.load_data": "a local file instead of the published one"
        for name in ("cifar10", "cifar100", "fashion_mnist")
    },
    **{
        f"keras.{room}.{name}_dataset_from_{source}": "gives a `Dataset` of klods, the only kind there is"
        for room in ("utils", "preprocessing")
        for name, source in (("image", "directory"), ("text", "directory"), ("timeseries", "array"))
    },
    "keras.random.SeedGenerator": "its state determines what NumPy draws",
    "keras.utils.model_to_dot": "nested models are drawn by `expand_nested`",
    "keras.ops.nn": "has those functions alone that TensorFlow lacks; all are in `keras.ops`",
    "keras.ops.linspace": "the step is (stop - start) / (num - 1)",
}
