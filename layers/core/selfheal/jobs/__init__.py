"""Jobs: what the processing containers of SageMaker run. They work on folders; nothing here knows AWS."""
