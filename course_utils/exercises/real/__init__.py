"""What the real layers do, a module for each subject; all of them can be had from here."""

from course_utils.exercises.real.autoencoder import *
from course_utils.exercises.real.clinic import *
from course_utils.exercises.real.measure import *
from course_utils.exercises.real.padding import *
from course_utils.exercises.real.pooling import *
from course_utils.exercises.real.stride import *
from course_utils.exercises.real.upsampling import *
