"""Why a run failed: log cleaning, redaction, reduction, signatures. Pure: no input or output."""
