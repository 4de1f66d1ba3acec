"""From a percent script to what students get: build, check, bundle, proof, mutants."""
