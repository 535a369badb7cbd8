"""What the real layers do, a module for each subject; all of them can be had from here."""

from course_utils.exercises.truth.autoencoder import *
from course_utils.exercises.truth.clinic import *
from course_utils.exercises.truth.measure import *
from course_utils.exercises.truth.padding import *
from course_utils.exercises.truth.pooling import *
from course_utils.exercises.truth.stride import *
from course_utils.exercises.truth.upsampling import *
