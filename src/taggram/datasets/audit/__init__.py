"""What is wrong with a data set: unbalanced tags, splits that share artists, clips that are there twice.

`audit` looks at a listing, and at how its clips sound where that is known; `facts` says what it found in lines and
`page` in a page of HTML.
"""

from taggram.datasets.audit.facts import facts
from taggram.datasets.audit.page import page
from taggram.datasets.audit.report import Audit, Source, audit
from taggram.datasets.audit.sounds import Hashes, Sound, SoundCache, Sounds, hash_files

__all__ = ["Audit", "Hashes", "Sound", "SoundCache", "Sounds", "Source", "audit", "facts", "hash_files", "page"]
