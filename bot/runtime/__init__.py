"""What keeps work whole: completion despite cancellation, faults, background tasks."""
