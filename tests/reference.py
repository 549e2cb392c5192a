"""Slow, obvious twins of the numerical functions, in plain Python."""

import itertools
import math
from collections.abc import Callable, Iterator, Sequence

Rows = Sequence[Sequence[float]]


def hamming(a: Sequence[Sequence[int]], b: Sequence[Sequence[int]]) -> list[list[int]]:
    """Differing bits between every row of bits ``a`` and every row of bits ``b``."""
    return [[sum(x != y for x, y in zip(p, q, strict=True)) for q in b] for p in a]


def pairwise_euclidean(x: Rows) -> list[list[float]]:
    """Euclidean distances between the rows, at least 1e-6."""
    return [[max(math.dist(p, q), 1e-6) for q in x] for p in x]


def normalised(x: Rows) -> list[list[float]]:
    """Each row divided by its Euclidean length."""
    return [[value / math.hypot(*row) for value in row] for row in x]


def semi_hard_triplets(
    distances: Rows, labels: Sequence[int], margin: float
) -> list[tuple[int, int, int]]:
    """All (a, p, n) with ``d(a, p) < d(a, n) <= d(a, p) + margin``, in lexicographic order."""
    everyone = range(len(labels))
    found = []
    for a in everyone:
        for p in everyone:
            for n in everyone:
                if p == a or labels[p] != labels[a] or labels[n] == labels[a]:
                    continue
                if distances[a][p] < distances[a][n] <= distances[a][p] + margin:
                    found.append((a, p, n))
    return found


def triplet(soft: Rows, labels: Sequence[int], margin: float) -> float:
    """Mean hinge over the semi-hard triplets of L2-normalised codes, 0 without any."""
    distances = pairwise_euclidean(normalised(soft))
    found = semi_hard_triplets(distances, labels, margin)
    if not found:
        return 0.0
    return sum(distances[a][p] - distances[a][n] + margin for a, p, n in found) / len(found)


def push(soft: Rows) -> float:
    """Minus the mean over the batch of the mean over bits of the squared distance from 0.5."""
    samples = [sum((h - 0.5) ** 2 for h in row) for row in soft]
    return -sum(samples) / len(samples) / len(soft[0])


def balance_per_sample(soft: Rows) -> float:
    """Mean over samples of the squared distance of the mean bit from 0.5."""
    return sum((sum(row) / len(row) - 0.5) ** 2 for row in soft) / len(soft)


def balance_per_bit(soft: Rows) -> float:
    """Mean over bits of the squared distance of the batch's mean from 0.5."""
    return balance_per_sample(list(zip(*soft, strict=True)))


def bernoulli_entropy(soft: Rows) -> float:
    """Mean over batch and bits of ``-p log p - (1 - p) log(1 - p)``."""
    values = [-p * math.log(p) - (1 - p) * math.log(1 - p) for row in soft for p in row]
    return sum(values) / len(values)


def average_precision(relevant: Sequence[bool], n_relevant: int, k: int, divisor: str) -> float:
    """AP@k of one ranking; nan where nothing in the archive is relevant."""
    if n_relevant == 0:
        return math.nan
    hits, total = 0, 0.0
    for rank, hit in enumerate(relevant[:k], start=1):
        if hit:
            hits += 1
            total += hits / rank
    if divisor == "hits":
        return total / hits if hits else 0.0
    return total / min(n_relevant, k)


def tie_orders(distances: Sequence[float], relevant: Sequence[bool]) -> Iterator[list[bool]]:
    """Every ranking that sorts by distance, all equally likely; small inputs only."""
    blocks = [
        [relevant[i] for i, d in enumerate(distances) if d == distance]
        for distance in sorted(set(distances))
    ]
    for choice in itertools.product(*(itertools.permutations(block) for block in blocks)):
        yield [hit for block in choice for hit in block]


def average_precisions_over_ties(
    distances: Sequence[float], relevant: Sequence[bool], k: int, divisor: str
) -> list[float]:
    """AP@k of every order of the ties, the archive being just these results."""
    total = sum(relevant)
    orders = tie_orders(distances, relevant)
    return [average_precision(order, total, k, divisor) for order in orders]


def validation_map(
    archive: Sequence[Sequence[int]],
    archive_labels: Sequence[int],
    queries: Sequence[Sequence[int]],
    labels: Sequence[int],
) -> float | None:
    """mAP@64 of bits against bits, ties in row order, over the queries that have an answer."""
    values = []
    for row, label in zip(hamming(queries, archive), labels, strict=True):
        order = sorted(range(len(row)), key=lambda i: (row[i], i))
        relevant = [archive_labels[i] == label for i in order]
        if any(relevant):
            values.append(average_precision(relevant, sum(relevant), 64, "min_r_k"))
    return sum(values) / len(values) if values else None


def covariance(x: Rows) -> list[list[float]]:
    """Covariance of the columns of ``x``, with the number of rows as divisor."""
    n, width = len(x), len(x[0])
    mean = [sum(row[i] for row in x) / n for i in range(width)]
    return [
        [sum((row[i] - mean[i]) * (row[j] - mean[j]) for row in x) / n for j in range(width)]
        for i in range(width)
    ]


def cholesky(s: Rows) -> list[list[float]]:
    """The lower triangle L with ``L L^T = s``, row by row."""
    lower = [[0.0] * len(s) for _ in s]
    for i in range(len(s)):
        for j in range(i + 1):
            rest = s[i][j] - sum(lower[i][m] * lower[j][m] for m in range(j))
            lower[i][j] = math.sqrt(rest) if i == j else rest / lower[j][j]
    return lower


def whitened(fitted: Rows, x: Rows, group_size: int, eps: float, shrinkage: str) -> Rows:
    """Rows ``x`` whitened group by group with the statistics of the rows ``fitted``.

    Solves ``L y = x - mean`` forwards instead of inverting L.
    """
    n, width = len(fitted), len(fitted[0])
    mean = [sum(row[i] for row in fitted) / n for i in range(width)]
    out: list[list[float]] = [[] for _ in x]
    for start in range(0, width, group_size):
        channels = range(start, min(start + group_size, width))
        size = len(channels)
        c = covariance([[row[i] for i in channels] for row in fitted])
        trace = sum(c[i][i] for i in range(size))
        kept, level = (1 - eps, eps * trace / size) if shrinkage == "trace" else (1.0, eps)
        if shrinkage == "common":
            every = covariance(fitted)
            kept, level = 1 - eps, eps * sum(every[i][i] for i in range(width)) / width
        shrunk = [
            [kept * c[i][j] + (level if i == j else 0.0) for j in range(size)] for i in range(size)
        ]
        lower = cholesky(shrunk)
        for row, result in zip(x, out, strict=True):
            y: list[float] = []
            for i, channel in enumerate(channels):
                rest = row[channel] - mean[channel] - sum(lower[i][m] * y[m] for m in range(i))
                y.append(rest / lower[i][i])
            result += y
    return out


def adam(
    gradient: Callable[[list[float]], list[float]],
    value: list[float],
    steps: int,
    learning_rate: float,
    weight_decay: float,
    betas: tuple[float, float],
) -> list[float]:
    """``value`` after some steps of Adam (Kingma and Ba 2015); decay is added to the gradient."""
    value, first, second = list(value), [0.0] * len(value), [0.0] * len(value)
    for step in range(1, steps + 1):
        slopes = gradient(value)
        for i in range(len(value)):
            slope = slopes[i] + weight_decay * value[i]
            first[i] = betas[0] * first[i] + (1 - betas[0]) * slope
            second[i] = betas[1] * second[i] + (1 - betas[1]) * slope**2
            mean = first[i] / (1 - betas[0] ** step)
            spread = math.sqrt(second[i] / (1 - betas[1] ** step))
            value[i] -= learning_rate * mean / (spread + 1e-8)
    return value


def moving_average(start: float, values: Sequence[float], decay: float) -> float:
    """Moving average of ``values`` from ``start``, with a shorter memory in the first steps."""
    mean = start
    for step, value in enumerate(values, start=1):
        now = min(decay, (1 + step) / (10 + step))
        mean = now * mean + (1 - now) * value
    return mean


Found = tuple[Sequence[float], Sequence[str | None], str]
"""A query's ranking: distances ascending, labels of the results, its own label."""


def precision_at(found: Sequence[Found], k: int) -> float:
    """Mean share of relevant results among the first k, missing results being misses."""
    return sum(sum(label == own for label in labels[:k]) / k for _, labels, own in found) / len(
        found
    )


def interpolated_precision(found: Sequence[Found], percent: int) -> float:
    """Mean over queries of the best precision at a recall of at least ``percent`` hundredths."""
    best = []
    for _, labels, own in found:
        total, values = sum(label == own for label in labels), []
        for rank in range(1, len(labels) + 1):
            hits = sum(label == own for label in labels[:rank])
            if hits and hits * 100 >= percent * total:
                values.append(hits / rank)
        best.append(max(values))
    return sum(best) / len(best)


def confusion(found: Sequence[Found], query: str, result: str | None, k: int) -> float:
    """Mean share of the class ``result`` in the first min(R, k) results of a class's queries."""
    shares = []
    for _, labels, own in found:
        if own == query:
            top = labels[: min(k, sum(label == own for label in labels))]
            shares.append(sum((label or None) == result for label in top) / len(top))
    return sum(shares) / len(shares)


def nearer(within: Sequence[float], between: Sequence[float]) -> float:
    """Chance that a distance of ``within`` is less than one of ``between``, ties counted half."""
    wins = [1.0 if a < b else 0.5 if a == b else 0.0 for a in within for b in between]
    return sum(wins) / len(wins)


def correlation(bits: Sequence[Sequence[int]], i: int, j: int) -> float:
    """Pearson's correlation of two columns of bits; nan where one is constant."""
    c = covariance([[row[i], row[j]] for row in bits])
    spread = math.sqrt(c[0][0]) * math.sqrt(c[1][1])
    return c[0][1] / spread if spread > 0 else math.nan


def kendall_tau_b(x: Sequence[float], y: Sequence[float]) -> float:
    """Kendall's tau-b, pair by pair; nan where one of the two is constant."""
    agree, in_x, in_y = 0, 0, 0
    for i, j in itertools.combinations(range(len(x)), 2):
        a, b = (x[i] > x[j]) - (x[i] < x[j]), (y[i] > y[j]) - (y[i] < y[j])
        agree, in_x, in_y = agree + a * b, in_x + abs(a), in_y + abs(b)
    return agree / math.sqrt(in_x * in_y) if in_x and in_y else math.nan


def among_landmarks(distances: Sequence[float], points: Rows) -> list[float]:
    """The place of a tile among its nearest landmarks, nearest first; none has its code."""
    beyond = [distance - distances[0] for distance in distances]
    scale = sum(beyond) / len(beyond) or 1.0
    weights = [math.exp(-value / scale) for value in beyond]
    return [
        sum(w * value for w, value in zip(weights, column, strict=True)) / sum(weights)
        for column in zip(*points, strict=True)
    ]


def inside_ring(corners: Sequence[tuple[float, float]], x: float, y: float) -> bool:
    """Whether a point is in a polygon: a ray to the right crosses an odd number of sides."""
    crossings = 0
    for (x1, y1), (x2, y2) in zip(corners, [*corners[1:], corners[0]], strict=True):
        if (y1 > y) != (y2 > y):
            crossings += x < x1 + (x2 - x1) * (y - y1) / (y2 - y1)
    return crossings % 2 == 1
