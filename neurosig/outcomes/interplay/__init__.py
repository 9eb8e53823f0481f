"""How two scores act together on an outcome: their interaction, and one through the other."""
