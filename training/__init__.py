"""The definition of the SageMaker Pipeline. The SageMaker SDK is known here alone."""
