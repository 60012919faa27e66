"""Callbacks: what is called at the start and end of training, epochs and batches."""

from klods.keras.callbacks.averages import SwapEMAWeights
from klods.keras.callbacks.callback import HOOKS, Callback, LambdaCallback
from klods.keras.callbacks.checkpoints import ModelCheckpoint
from klods.keras.callbacks.history import History
from klods.keras.callbacks.hooks import CallbackList, Hooks
from klods.keras.callbacks.learning_rate import LearningRateScheduler, ReduceLROnPlateau
from klods.keras.callbacks.progress import ProgbarLogger
from klods.keras.callbacks.stopping import EarlyStopping, TerminateOnNaN
from klods.missing import reporter

__all__ = [
    "BackupAndRestore",
    "CSVLogger",
    "Callback",
    "CallbackList",
    "EarlyStopping",
    "History",
    "LambdaCallback",
    "LearningRateScheduler",
    "ModelCheckpoint",
    "ProgbarLogger",
    "ReduceLROnPlateau",
    "RemoteMonitor",
    "SwapEMAWeights",
    "TensorBoard",
    "TerminateOnNaN",
]
__getattr__ = reporter(
    __name__,
    found_in={
        "BackupAndRestore": "klods.keras.callbacks.backup",
        "CSVLogger": "klods.keras.callbacks.csv_logger",
        "RemoteMonitor": "klods.keras.callbacks.remote_monitor",
        "TensorBoard": "klods.keras.callbacks.tensorboard",
    },
)
