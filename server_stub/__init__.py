"""The collector: takes signed reports, keeps history and current state, shows the fleet."""
