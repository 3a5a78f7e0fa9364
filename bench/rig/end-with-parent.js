// The bench was ended in a way that it could not tell anybody.
process.on('disconnect', () => process.exit(1));
// Listening alone keeps nobody alive.
process.channel?.unref();
