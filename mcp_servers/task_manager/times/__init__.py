"""Times, repetitions and reminders as people say them. Pure: "now" and its zone are given."""
