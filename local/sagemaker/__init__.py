"""A simulator of the part of SageMaker that the training pipeline and the endpoint use.

Real in it: the pipeline's definition, which is worked through step by step; the processing jobs, which run the very
bundle that is deployed, in a process that has nothing else; every request and reply, which is held against botocore's
model of the service. Simulated: the container of the algorithm (a forest of krcf in its place, with the documented
formats), instances, time, alarms and roles.
"""

SIMULATED = (
    "the randomcutforest container: a krcf forest trains and scores in its place",
    "instances, their start and their prices",
    "blue/green fleets: an update arrives, or is sent back, when it is told to",
    "roles and network isolation",
)
