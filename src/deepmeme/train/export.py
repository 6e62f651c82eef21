"""A run of any kind -> the model folder that comes of it."""

from collections.abc import Sequence
from pathlib import Path

from deepmeme.errors import InputError
from deepmeme.train.checkpointing import CHECKPOINTS
from deepmeme.train.run_state import averages_of


def export_any(
    run: Path, folder: Path, banks: Sequence[Path] = (), reader: Path | None = None
) -> dict[str, float]:
    """Write what the run has learnt so far; a portrait's figures in 8 bits return.

    Args:
        run: of any family.
        folder: where to.
        banks: a portrait is calibrated on these; labelled faces tell a VAE's traits.
        reader: a run that reads traits, which tells those of a GAN.

    Raises:
        InputError: there is no run, or it is one lesson of several that ship together.
        OutputError, WeightsError: the folder cannot be written; what is exported is not right.
    """
    found = averages_of(run / CHECKPOINTS)
    if found is not None:
        if "reader" in found[0]:
            from deepmeme.train.watermark_task import export_reader

            export_reader(found[0]["reader"], folder, width=found[1]["width"])
            return {}
        if "basis" in found[0]:
            from deepmeme.train.swap_basis_task import export_basis

            export_basis(*found, folder)
            return {}
        if "pair" in found[0]:
            from deepmeme.train.swap_training import export_pair

            export_pair(run, folder)
            return {}
        if "vae" in found[0] or "painter" in found[0]:
            from deepmeme.train.export_dream import export_told

            export_told(*found, folder, banks=banks, reader=reader)
            return {}
        if "generator" not in found[0]:
            raise InputError(
                f"{run} is one part of a model; give the folder that holds all of it: {run.parent}"
            )
        from deepmeme.train.motion_model import export_motion

        export_motion(*found, folder, name=run.name, overwrite=True)
        return {}
    from deepmeme.train.faces import export_faces, is_faces_run

    if is_faces_run(run):
        export_faces(run, folder)
        return {}
    from deepmeme.train.people import export_people, is_people_run

    if is_people_run(run):
        export_people(run, folder)
        return {}
    from deepmeme.train.portrait import export_run

    return export_run(run, folder, banks)
