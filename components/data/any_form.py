"""The forms that numbers can have in text: what a column's is one of."""

from components.data.clock_forms import ClockForm
from components.data.fraction_forms import FractionForm
from components.data.number_forms import NumberForm
from components.data.part_forms import PartsForm
from components.data.power_forms import PowerForm
from components.data.scaled_forms import ScaledForm

AnyForm = NumberForm | ClockForm | PartsForm | FractionForm | ScaledForm | PowerForm
