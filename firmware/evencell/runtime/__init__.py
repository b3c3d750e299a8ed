"""The task that runs the parts, and what it needs: memory policy, event loop."""
