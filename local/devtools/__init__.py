"""A simulator of AWS CodeBuild, CodePipeline and CodeDeploy that runs real builds as real processes."""
