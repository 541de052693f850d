"""Files as trainings leave them, written by PyTorch itself (1.13.0, numpy 1.24.2): python3 training.py FOLDER

training.pt     open_clip's epoch: DistributedDataParallel's prefix, AdamW with the cosine schedule's NumPy scalar, a GradScaler, and what scripts
                put beside: arguments, paths, arrays, sets, counters, dates, enumerations, random states, parameters keyed by parameters
legacy.pt       the same in the form before 1.6
lightning.ckpt  prefix model., a loss with weights of its own, callbacks, hyper-parameters, EMA of the whole
module.pt       a module saved whole
"""
import argparse, collections, datetime, enum, functools, pathlib, random, sys
import numpy as np, torch


class Stage(enum.Enum):
    FIT = "fit"


class Block(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(3, 2, 2, bias=False)
        self.class_embedding = torch.nn.Parameter(torch.arange(2.0))
        self.act = functools.partial(torch.nn.functional.gelu)


class Clip(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.visual = Block()
        self.logit_scale = torch.nn.Parameter(torch.tensor(2.5))
        self.register_buffer("attn_mask", torch.zeros(2, 2), persistent=False)


def main(folder):
    torch.manual_seed(0)
    model = Clip()
    with torch.no_grad():
        model.visual.conv1.weight.copy_(torch.arange(24.0).view(2, 3, 2, 2) / 8)
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-4)
    for group in optimizer.param_groups:
        group["lr"] = 0.5 * (1 + np.cos(np.pi * 3 / 10)) * 5e-4
    sum(parameter.sum() for parameter in model.parameters()).backward()
    optimizer.step()
    with torch.no_grad():
        model.visual.conv1.weight.copy_(torch.arange(24.0).view(2, 3, 2, 2) / 8)
        model.visual.class_embedding.copy_(torch.arange(2.0))
        model.logit_scale.fill_(2.5)
    state = model.state_dict()
    beside = {
        "args": argparse.Namespace(lr=1e-3, path=pathlib.PosixPath("a/b"), stage=Stage.FIT, betas=(0.9, 0.98)),
        "losses": [1.5, np.float32(2.5), np.float64(3.5), np.int64(4), np.bool_(True)],
        "order": np.arange(6).reshape(2, 3), "objects": np.array(["a", None], dtype=object), "counts": collections.Counter("aab"),
        "by name": collections.defaultdict(list, {"a": [1]}), "queue": collections.deque([1, 2], maxlen=5), "kinds": {1, 2}, "frozen": frozenset({"x"}),
        "when": datetime.datetime(2024, 1, 2), "took": datetime.timedelta(seconds=3), "bytes": b"\x00\xff", "big": 1 << 100, "z": 1 + 2j,
        "random": random.getstate()[:1], "numpy random": np.random.RandomState(1).get_state()[:1], "torch random": torch.get_rng_state()[:4].clone(),
        "by parameter": {model.logit_scale: {"exp_avg": torch.zeros(2)}}, "slice": slice(1, 2), "type": torch.optim.AdamW, "dtype": torch.bfloat16,
        "device": torch.device("cpu"), "size": model.visual.conv1.weight.size(), "sparse": torch.eye(2).to_sparse(),
        "quantized": torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.quint8), "complex": torch.ones(2, dtype=torch.complex64),
        "expanded": torch.ones(1).expand(5), 3.5: None, (1, 2): "tuple",
    }
    training = {
        "epoch": 3, "name": "2024_01_01-model", "state_dict": {"module." + key: value for key, value in state.items()},
        "optimizer": optimizer.state_dict(), "scaler": torch.cuda.amp.GradScaler(enabled=False).state_dict(), **beside,
    }
    torch.save(training, f"{folder}/training.pt")
    torch.save(training, f"{folder}/legacy.pt", _use_new_zipfile_serialization=False)
    torch.save({
        "epoch": 1, "global_step": 10, "pytorch-lightning_version": "2.1.0",
        "state_dict": collections.OrderedDict([("model.visual." + k[7:], v) for k, v in state.items() if k.startswith("visual.")]
            + [("logit_scale", state["logit_scale"]), ("loss.weight", torch.ones(3))]),
        "callbacks": {"ModelCheckpoint{'monitor': 'val.loss'}": {"best_model_score": torch.tensor(0.5), "best_model_path": pathlib.PurePosixPath("x")}},
        "optimizer_states": [optimizer.state_dict()], "lr_schedulers": [], "hyper_parameters": {"stage": Stage.FIT},
        "ema": {"model." + key: value + 1 for key, value in state.items()},
    }, f"{folder}/lightning.ckpt")
    torch.save(model, f"{folder}/module.pt")


main(sys.argv[1])
