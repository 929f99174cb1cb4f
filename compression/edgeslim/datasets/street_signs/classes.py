"""What the street-sign scenes show: ten labelled classes, and look-alikes that are never labelled."""

CLASSES: tuple[str, ...] = (
    "stop",
    "yield",
    "no_entry",
    "speed_30",
    "speed_50",
    "parking",
    "crossing",
    "priority",
    "traffic_light_red",
    "traffic_light_green",
)

DISTRACTORS: tuple[str, ...] = ("warning", "keep_right", "no_parking", "info", "plain_red", "light_off")


def is_traffic_light(name: str) -> bool:
    """True for the lit traffic lights and for the dark one."""
    return name in ("traffic_light_red", "traffic_light_green", "light_off")
