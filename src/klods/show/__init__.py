"""Pictures in files, drawn with matplotlib, which is loaded with the module that draws."""
