"""Means over seeds with 95 % intervals (Student's t), for the comparisons beside it."""
import math


def t_quantile(freedom, p=0.975):
    """Of Student's t, by bisection of its distribution, integrated by Simpson's rule."""
    scale = math.exp(math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2)) / math.sqrt(freedom * math.pi)
    density = lambda x: scale * (1 + x * x / freedom) ** (-(freedom + 1) / 2)

    def below(x, steps=2000):
        width = x / steps
        inner = sum((4 if i % 2 else 2) * density(i * width) for i in range(1, steps))
        return 0.5 + width / 3 * (density(0) + inner + density(x))

    low, high = 0.0, 200.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if below(middle) < p else (low, middle)
    return low


def mean(values):
    return sum(values) / len(values)


def interval(values):
    """The mean with its interval's ends; of fewer than two values, all three are the mean."""
    middle = mean(values)
    if len(values) < 2:
        return middle, middle, middle
    deviation = math.sqrt(sum((v - middle) ** 2 for v in values) / (len(values) - 1))
    half = t_quantile(len(values) - 1) * deviation / math.sqrt(len(values))
    return middle, middle - half, middle + half


def told(values, digits=2):
    """The same as text; of one value the value alone."""
    middle, low, high = interval(values)
    if len(values) < 2:
        return f"{middle:,.{digits}f}"
    return f"{middle:,.{digits}f} ({low:,.{digits}f} – {high:,.{digits}f})"
