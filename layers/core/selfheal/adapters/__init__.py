"""The ports over AWS: one file per service, the only importers of boto3 and botocore beside the runtime."""
