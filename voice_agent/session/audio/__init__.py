"""Sound without a room: files, recordings, the microphone and the speaker of this machine."""
