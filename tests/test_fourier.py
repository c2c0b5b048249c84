"""The convolution by Fourier transform is the sliding one, forwards and backwards."""

import pytest
import torch
from glassine.marks.fourier import FixedConvolution
from torch import nn


@pytest.mark.parametrize("size", [(256, 256), (230, 41), (54, 108), (1, 7)])
@pytest.mark.parametrize("kernel", [3, 11])
def test_it_equals_the_sliding_convolution(size, kernel):
    fast, slow = FixedConvolution(3, 5, kernel), nn.Conv2d(3, 5, kernel, padding=kernel // 2)
    fast.load_state_dict(slow.state_dict())
    picture = torch.rand(1, 3, *size)
    weight = torch.randn(1, 5, *size)
    said, gradients = [], []
    for convolution in (fast.requires_grad_(False), slow):
        seen = picture.clone().requires_grad_()
        said.append(convolution(seen))
        gradients += torch.autograd.grad((said[-1] * weight).sum(), seen)
    torch.testing.assert_close(said[0], said[1], atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(gradients[0], gradients[1], atol=1e-5, rtol=1e-5)
