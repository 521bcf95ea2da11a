"""What the paper says, as conditions that data can fulfil or not."""
