"""What Mintmark knows of data, generative models, evidence and the registry; no orchestration."""
