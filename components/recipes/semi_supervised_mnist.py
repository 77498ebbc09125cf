"""What do images without labels teach a classifier of digits that has 10 labels of each?

The discriminator is the classifier, with made images for one class more (Salimans et al. 2016): see
`components/models/images/semi_supervised_gan.py`. It has to beat a support vector
machine, label spreading and its own network with the same labels, each of
them on the same test images.
"""

from components.config import DcganNetworks, SemiSupervisedGanConfig
from components.recipes.image_params import DIGITS, MNIST, classifying
from components.recipes.recipe import Family, Preset, Recipe


def model(*, width: int, steps: int) -> SemiSupervisedGanConfig:
    """Convolutions; less noise between them than between the dense layers of the paper."""
    return SemiSupervisedGanConfig(
        networks=DcganNetworks(width=width), hidden_noise=0.3, steps=steps
    )


RECIPE = Recipe(
    question="What do images without labels teach a classifier of digits with few labels?",
    family=Family.IMAGES,
    presets={
        Preset.SMOKE: classifying(
            "semi_supervised_mnist", model(width=4, steps=50), data=DIGITS, train_rows=200
        ),
        Preset.CPU: classifying("semi_supervised_mnist", model(width=16, steps=1_500), data=MNIST),
        Preset.GPU: classifying("semi_supervised_mnist", model(width=64, steps=20_000), data=MNIST),
    },
)
