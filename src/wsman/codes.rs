//! Every code of the SDK header `wsmerror.h` by name, the field-seen ones by meaning.
