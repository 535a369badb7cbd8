"""The catalogue of misconceptions, a module for each subject; all of them can be had from here."""

from course_utils.exercises.misconceptions.autoencoder import *
from course_utils.exercises.misconceptions.clinic import *
from course_utils.exercises.misconceptions.padding import *
from course_utils.exercises.misconceptions.pooling import *
from course_utils.exercises.misconceptions.repairs import *
from course_utils.exercises.misconceptions.stride import *
from course_utils.exercises.misconceptions.upsampling import *
