"""Where data come from: feeds, connectors, layouts, readers, the landing zone."""
