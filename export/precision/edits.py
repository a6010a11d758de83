"""Changes to a graph's weights that `rewriting.py` makes before it rounds them."""

from dataclasses import dataclass, field

from export.precision.rounding import Weights


@dataclass
class Edits:
    """Changes to a graph that together leave its outputs as they are, or divide channels of them.

    Attributes:
        rows: by the name of a (k, n) weight, the (k,) factors by which its rows are multiplied.
        columns: by the name of a (k, n) weight, the (n,) factors by which its columns are multiplied.
        norms: by the name of a LayerNormalization node, its new gain and bias.
        factors: by the name of a tensor, the (k,) factors by which layers multiply it when they read it.
        biases: by the name of an initializer, what it holds from now on.
    """

    rows: dict[str, Weights] = field(default_factory=dict)
    columns: dict[str, Weights] = field(default_factory=dict)
    norms: dict[str, tuple[Weights, Weights]] = field(default_factory=dict)
    factors: dict[str, Weights] = field(default_factory=dict)
    biases: dict[str, Weights] = field(default_factory=dict)

    def __or__(self, other: "Edits") -> "Edits":
        """Return the edits of both; where both name the same thing, `other` wins."""
        return Edits(
            rows=self.rows | other.rows,
            columns=self.columns | other.columns,
            norms=self.norms | other.norms,
            factors=self.factors | other.factors,
            biases=self.biases | other.biases,
        )

    def changes(self, weight: str) -> bool:
        """Return whether a weight's rows or columns are multiplied."""
        return weight in self.rows or weight in self.columns

    def apply(self, name: str, weight: Weights) -> Weights:
        """Return a (k, n) weight with its rows and columns multiplied."""
        if name in self.rows:
            weight = weight * self.rows[name][:, None]
        return weight * self.columns[name] if name in self.columns else weight
