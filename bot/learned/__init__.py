"""Which entry some words mean, learned from what customers choose and vote for."""
