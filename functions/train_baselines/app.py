"""TrainBaselines: trains a challenger for the global model, and lets it serve if it is not worse than the champion."""

from itertools import islice
from typing import Any

from selfheal.model_metrics import training_metrics
from selfheal.runtime import Runtime, entry, logger
from selfheal.steps.train_baselines import Trainer, TrainingRequest
from selfheal.wire import decode, encode


@entry
def handler(event: dict[str, Any], runtime: Runtime) -> Any:
    """The schedule's request in; the Training out."""
    trainer = Trainer(
        lake=runtime.lake_reader, models=runtime.models, ledger=runtime.model_ledger, drift=runtime.drift,
        clock=runtime.clock, learner=runtime.learner, pipeline=runtime.training_pipeline,
    )  # fmt: skip
    done = trainer.run(decode(TrainingRequest, event))
    training_metrics(done)
    result = encode(done)
    logger.info("training", training=result, unread=dict(islice(runtime.lake_reader.skipped.items(), 20)))
    return result
