"""Time series database with InfluxDB's line protocol."""
