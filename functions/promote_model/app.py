"""PromoteModel: lets the endpoint go to a registered forest that is not worse than the one that serves."""

from typing import Any

from selfheal.model_metrics import promotion_metrics
from selfheal.runtime import Runtime, entry, logger
from selfheal.steps.promote_model import Promoter, promote_model
from selfheal.wire import encode


@entry
def handler(event: dict[str, Any], runtime: Runtime) -> Any:
    """An event of SageMaker or the schedule's request in; what came of it out."""
    promoter = Promoter(
        packages=runtime.packages, models=runtime.hosted_models, embedded=runtime.models, endpoint=runtime.endpoint,
        forest=runtime.hosted_forest, pipeline=runtime.pipeline, ledger=runtime.model_ledger, clock=runtime.clock,
        budget=runtime.settings.budget, group=runtime.package_group,
    )  # fmt: skip
    done = promote_model(event, promoter)
    promotion_metrics(done)
    result = encode(done)
    logger.info("promotion", promotion=result)
    return result
