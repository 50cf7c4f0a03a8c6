"""What a person wants of a model: functions over `Pretrained`."""
