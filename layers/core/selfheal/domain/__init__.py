"""The words of the design as types. Pure: the standard library only, no input or output."""
