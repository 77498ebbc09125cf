"""The forms that numbers can have in text: what a column's is one of."""

from components.data.forms.clock_forms import ClockForm
from components.data.forms.fraction_forms import FractionForm
from components.data.forms.number_forms import NumberForm
from components.data.forms.part_forms import PartsForm
from components.data.forms.power_forms import PowerForm
from components.data.forms.scaled_forms import ScaledForm

AnyForm = NumberForm | ClockForm | PartsForm | FractionForm | ScaledForm | PowerForm
