"""From a configuration to a pair of autoencoders."""

from torch import nn

from deepmeme.models.swap.classic import ClassicDecoder, ClassicEncoder
from deepmeme.models.swap.config import SwapConfig
from deepmeme.models.swap.df import Decoder, FlatEncoder, Inter
from deepmeme.models.swap.pair import SharedDecoder, TwoDecoders
from deepmeme.models.swap.quick import QuickDecoder, QuickEncoder


def build_pair(config: SwapConfig) -> TwoDecoders | SharedDecoder:
    """Fresh networks."""
    if config.architecture == "quick":
        return TwoDecoders(config, QuickEncoder(config), QuickDecoder(config), QuickDecoder(config))
    if config.architecture == "classic":
        parts = ClassicEncoder(config), ClassicDecoder(config), ClassicDecoder(config)
        return TwoDecoders(config, *parts)
    if config.architecture == "df":
        encoder = nn.Sequential(FlatEncoder(config), Inter(config, config.code))
        return TwoDecoders(
            config, encoder, Decoder(config, config.code), Decoder(config, config.code)
        )
    wide = 2 * config.code
    inters = Inter(config, wide), Inter(config, wide)
    return SharedDecoder(config, FlatEncoder(config), *inters, Decoder(config, 2 * wide))
