"""Tiny encoders made on the spot, for tests; they need torch."""

import pytest


def export_network(path, *, dynamic=True):
    """Write a .pt2 file: a smooth map of stride 4 and 3 channels, one of stride 8 and 5.

    The first three channels of both are the image's own colours, averaged.
    """
    torch = pytest.importorskip("torch", reason="deep features need torch")

    class Network(torch.nn.Module):
        def __init__(self):
            super().__init__()
            mix = torch.tensor([[1.0, 0, 0], [0, 1, 0], [0, 0, 1], [1, -1, 0], [0, 1, -1]])
            self.mix = torch.nn.Parameter(mix[:, :, None, None])

        def forward(self, x):
            fine = torch.nn.functional.avg_pool2d(x, 4)
            coarse = torch.nn.functional.avg_pool2d(fine, 2)
            return fine, torch.nn.functional.conv2d(coarse, self.mix)

    batch, height, width = (torch.export.Dim.AUTO for _ in range(3))
    shapes = ({0: batch, 2: height, 3: width},) if dynamic else None
    example = (torch.rand(2, 3, 64, 96),)
    torch.export.save(
        torch.export.export(Network().eval(), example, dynamic_shapes=shapes), path
    )
    return path


def save_transformer(folder, *, patches):
    """Save a random model of Transformers: patch tokens, or convolutional maps."""
    torch = pytest.importorskip("torch", reason="deep features need torch")
    transformers = pytest.importorskip("transformers", reason="needs transformers")
    torch.manual_seed(0)
    if patches:
        config = transformers.Dinov2Config(
            hidden_size=16,
            num_hidden_layers=1,
            num_attention_heads=2,
            patch_size=14,
            image_size=56,
        )
    else:
        config = transformers.ResNetConfig(
            embedding_size=4, hidden_sizes=[4, 6, 8, 10], depths=[1, 1, 1, 1]
        )
    transformers.AutoModel.from_config(config).save_pretrained(folder)
    return folder
