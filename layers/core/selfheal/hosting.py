"""The part of the composition root that hands out SageMaker; empty-handed in a stack that does without."""

from functools import cached_property

from selfheal.model_ports import Endpoint, ForestPackages, HostedForest, TrainingPipeline
from selfheal.services import Services


class Hosting(Services):
    """Everything of SageMaker, built when it is first asked for and kept for the next invocation."""

    @cached_property
    def hosted_forest(self) -> HostedForest:
        """The forest behind the endpoint."""
        from selfheal.adapters.sagemaker import SageMakerForest

        return SageMakerForest(self._clients("sagemaker-runtime"), self.settings.text("SELFHEAL_ENDPOINT"))

    @property
    def package_group(self) -> str:
        """Whose packages count."""
        return self.settings.text("SELFHEAL_PACKAGE_GROUP")

    @cached_property
    def packages(self) -> ForestPackages:
        """The registry."""
        from selfheal.adapters.sagemaker_hosting import SageMakerPackages

        bucket = self.settings.text("SELFHEAL_LAKE_BUCKET")
        return SageMakerPackages(self._clients("sagemaker"), self._clients("s3"), bucket)

    @cached_property
    def endpoint(self) -> Endpoint:
        """The endpoint, as something that can be changed."""
        from selfheal.adapters.sagemaker_hosting import Hosting as Hosted
        from selfheal.adapters.sagemaker_hosting import SageMakerEndpoint

        hosting = Hosted(
            endpoint=self.settings.text("SELFHEAL_ENDPOINT"),
            role=self.settings.text("SELFHEAL_HOSTING_ROLE"),
            instance=self.settings.text("SELFHEAL_ENDPOINT_INSTANCE"),
            alarms=self.settings.text("SELFHEAL_ENDPOINT_ALARMS").split(","),
        )
        return SageMakerEndpoint(
            self._clients("sagemaker"), self._clients("application-autoscaling"), hosting
        )

    @cached_property
    def pipeline(self) -> TrainingPipeline:
        """The training pipeline."""
        from selfheal.adapters.sagemaker_pipeline import SageMakerPipeline
        from selfheal.jobs.bundle import bundle

        name, bucket = (
            self.settings.text("SELFHEAL_TRAINING_PIPELINE"),
            self.settings.text("SELFHEAL_LAKE_BUCKET"),
        )
        return SageMakerPipeline(self._clients("sagemaker"), self._clients("s3"), bucket, name, bundle)

    @property
    def training_pipeline(self) -> TrainingPipeline | None:
        """The same; None in a stack that trains none."""
        return self.pipeline if self.settings.optional("SELFHEAL_TRAINING_PIPELINE") else None
