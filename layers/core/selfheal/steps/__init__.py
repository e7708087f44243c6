"""One module per state of the flow, each a function written against ports."""
