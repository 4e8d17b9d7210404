"""From a network and pictures to a trained network: phases, epochs, the best epoch, checkpoints."""

from __future__ import annotations

import itertools
import logging
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from hotdog_lib.data.augment import augment, mixup
from hotdog_lib.data.loader import Loader
from hotdog_lib.data.pictures import PictureSet
from hotdog_lib.data.preprocess import Preprocessing
from hotdog_lib.errors import HotdogError
from hotdog_lib.models.across import whole_batches
from hotdog_lib.models.adapters import wake
from hotdog_lib.models.freezing import freeze_to, hold_statistics
from hotdog_lib.models.heads import head_logits, kept_layer, stages
from hotdog_lib.models.modes import evaluating
from hotdog_lib.training.engine import (
    evaluate,
    evaluate_logits,
    extract_features,
    train_epoch,
)
from hotdog_lib.training.hardware import Hardware
from hotdog_lib.training.losses import class_weights, cross_entropy, soft_targets
from hotdog_lib.training.metrics import choose_positive
from hotdog_lib.training.optim import check_optimizer, lr_factor, make_optimizer, parameter_groups
from hotdog_lib.training.processes import Processes, connect
from hotdog_lib.training.progress import bar
from hotdog_lib.training.recipe import Recipe
from hotdog_lib.training.state import State, restore_optimizer, seed_epoch, snapshot
from hotdog_lib.training.strategies import Phase, plan

logger = logging.getLogger(__name__)

#: Cached features a step: they are tiny, and the head is convex.
FEATURE_BATCH = 256


class Trainer:
    """Trains one network by one recipe.

    Args:
        model: a network whose head fits ``train.class_names``.
        train: training pictures.
        validation: pictures on which the best epoch is chosen; None keeps the last epoch.
        recipe: what to do.
        preprocessing: how pictures are looked at in evaluation.
        hardware: where to compute.
        train_size: side of the training crops in pixels; None: as in evaluation.
        positive: the class that F1, precision and recall are about.
        on_epoch: called with each new row of the history and the state, for logs and checkpoints.

    Example:
        >>> trainer = Trainer(
        ...     model, train, held, Recipe(), view, pick_hardware()
        ... )  # doctest: +SKIP
        >>> trainer.fit().best["validation"]["accuracy"]  # doctest: +SKIP
        0.93
    """

    def __init__(
        self,
        model: nn.Module,
        train: PictureSet,
        validation: PictureSet | None,
        recipe: Recipe,
        preprocessing: Preprocessing,
        hardware: Hardware,
        *,
        train_size: int | None = None,
        positive: str | None = None,
        on_epoch: Callable[[dict[str, Any], State], None] | None = None,
    ) -> None:
        self.accelerator = connect(hardware.device)
        self.processes = Processes(self.accelerator.process_index, self.accelerator.num_processes)
        smallest = min(recipe.batch_size, len(train))
        if smallest < self.processes.world:
            raise HotdogError(
                f"batches of {smallest} pictures can't be shared by {self.processes.world} "
                "processes: start fewer, or give a larger batch_size"
            )
        self.model = hardware.place(model)
        self.train, self.validation = train, validation
        self.recipe, self.preprocessing, self.hardware = recipe, preprocessing, hardware
        self.train_size = train_size or preprocessing.crop_size
        self.positive = choose_positive(train.class_names, positive)
        self.on_epoch = (on_epoch if self.processes.first else None) or (lambda row, state: None)
        found = "new" if kept_layer(model) is None else "kept"
        if found != recipe.head:
            raise HotdogError(
                f"the recipe's head is {recipe.head!r}, but this network's is a {found} one: "
                f"give Recipe(head={found!r}), or make the network by new_model"
            )
        self.phases = plan(recipe, list(stages(model)))
        weights = class_weights(train.targets, train.num_classes, recipe.class_weights)
        self.objective = partial(
            cross_entropy,
            weights=None if weights is None else weights.to(hardware.device),
            smoothing=recipe.label_smoothing,
        )
        self.state = State()

    def fit(self, state: State | None = None) -> State:
        """Run every phase, or what a state from a checkpoint leaves to do; the model ends as its
        best epoch."""
        self.state = state or self.state
        with torch.random.fork_rng(devices=_cuda_indices(self.hardware.device)):
            for index in range(self.state.phase, len(self.phases)):
                self._run_phase(index)
        if self.state.best_weights:
            self.model.load_state_dict(self.state.best_weights)
        self.processes.agree(self.model)
        return self.state

    def _run_phase(self, index: int) -> None:
        phase = self.phases[index]
        freeze_to(self.model, phase.first, norm=self.recipe.norm)
        if self.recipe.hold_statistics:
            hold_statistics(self.model)
        if phase.learns:
            wake(self.model, phase.learns)
            if (kept := kept_layer(self.model)) is not None:
                kept.hold_rows()  # few numbers learn
        if phase.fitted:
            self._fit_head(index)
        elif phase.cached:
            self._train_on_features(index, self._optimizer(phase))
        else:
            self._train_on_pictures(index, self._optimizer(phase))
        self.state.phase, self.state.epoch, self.state.optimizer = index + 1, 0, None

    def _optimizer(self, phase: Phase) -> torch.optim.Optimizer:
        groups = parameter_groups(
            self.model,
            phase.lr,
            weight_decay=self.recipe.weight_decay,
            head_ratio=phase.head_ratio,
            stage_decay=self.recipe.stage_decay,
        )
        optimizer = make_optimizer(groups, self.recipe.optimizer)
        check_optimizer(optimizer, self.model)
        if self.state.optimizer is not None:
            restore_optimizer(optimizer, self.state.optimizer)
        return optimizer

    def _train_on_pictures(self, index: int, optimizer: torch.optim.Optimizer) -> None:
        phase = self.phases[index]
        batch = min(self.recipe.batch_size, len(self.train))
        part = self.processes.part(batch)
        mixed = self.recipe.augmentation.mixup > 0  # then each needs pictures of the others
        loader = Loader(
            self.train,
            batch,
            device=self.hardware.device,
            shuffle=True,
            drop_last=True,
            seed=self.recipe.seed,
            shard=(0, 1) if mixed else (self.processes.rank, self.processes.world),
        )
        if self.processes.world > 1:
            self.accelerator.free_memory()  # lets go of the last phase's wrapper and its hooks
        model, optimizer = self.accelerator.prepare(self.model, optimizer)
        forward = partial(self._forward, model)
        # Wrapped, gradients are means over the processes: weigh each by its share of the batch.
        weight = (part.stop - part.start) * self.processes.world / batch
        for epoch in range(self.state.epoch, phase.epochs):
            generator = seed_epoch(self.recipe.seed, index, epoch)
            loader.set_epoch(index * 1000 + epoch)
            self.model.train()
            started = time.perf_counter()
            views = (self._view(*pair, generator, (part, batch)) for pair in loader)
            views = bar(views, f"{phase.name} {epoch + 1}/{phase.epochs}", total=len(loader))
            factors = self._factors(epoch * len(loader), phase.epochs * len(loader))
            with whole_batches(self.model, part, batch):
                loss = train_epoch(
                    *(views, forward, optimizer, self.objective, factors),
                    backward=lambda loss: self.accelerator.backward(loss * weight),
                )
            loss = self.processes.mean(loss, part.stop - part.start, self.hardware.device)
            seconds = time.perf_counter() - started
            self._finish_epoch(index, epoch, loss, seconds, len(loader) * batch, optimizer)

    def _forward(self, model: nn.Module, images: Tensor) -> Tensor:
        with self.hardware.autocast():
            return model(images)

    def _view(
        self,
        images: Tensor,
        targets: Tensor,
        generator: torch.Generator,
        part: tuple[slice, int],
    ) -> tuple[Tensor, Tensor]:
        """Augment, normalise and lay out one batch; mixup turns its targets into probabilities."""
        policy = self.recipe.augmentation
        if policy.mixup:
            views = augment(images, self.train_size, policy, generator)
            one_hot = soft_targets(targets, self.train.num_classes)
            views, targets = mixup(views, one_hot, policy.mixup, generator)
            views, targets = views[part[0]], targets[part[0]]
        else:
            views = augment(images, self.train_size, policy, generator, part=part)
        return self.hardware.arrange(self.preprocessing.normalise(views)), targets

    def _train_on_features(self, index: int, optimizer: torch.optim.Optimizer) -> None:
        """The head alone on the frozen body's features, computed once (0.01 s an epoch, not 10
        s). Several processes share that work; the little that is left each does for itself."""
        phase, started = self.phases[index], time.perf_counter()
        rows, targets, held = self._features()
        seconds_cached = time.perf_counter() - started
        steps = -(-len(rows) // FEATURE_BATCH)
        for epoch in range(phase.epochs):
            generator = seed_epoch(self.recipe.seed, index, epoch)
            started = time.perf_counter()
            order = torch.randperm(len(rows), generator=generator).to(rows.device)
            batches = ((rows[part], targets[part]) for part in order.split(FEATURE_BATCH))
            factors = self._factors(epoch * steps, phase.epochs * steps)
            loss = train_epoch(
                batches, partial(head_logits, self.model), optimizer, self.objective, factors
            )
            seconds = time.perf_counter() - started + (seconds_cached if epoch == 0 else 0.0)
            metrics = None if held is None else self._evaluate_features(held)
            self._add_row(index, epoch, loss, seconds, len(self.train), metrics)
        self._end_of_features(index)

    def _fit_head(self, index: int) -> None:
        """Scale and biases of a kept head, on the same features: a matter of few numbers."""
        started = time.perf_counter()
        rows, targets, held = self._features()
        head = kept_layer(self.model)
        assert head is not None  # __init__ has looked
        loss = head.fit(rows, targets, self.objective)
        metrics = None if held is None else self._evaluate_features(held)
        self._add_row(index, 0, loss, time.perf_counter() - started, len(self.train), metrics)
        self._end_of_features(index)

    def _features(self) -> tuple[Tensor, Tensor, Tensor | None]:
        """What the head sees of the training pictures, ``(V * N, F)``, with their targets, and of
        the validation pictures, ``(V, N, F)``; V is 2 with mirror images."""
        mirror = self.recipe.mirror
        look = partial(extract_features, self.model, mirror=mirror, processes=self.processes)
        features = look(self.train, self.preprocessing, self.hardware)  # (V, N, F)
        held = look(self.validation, self.preprocessing, self.hardware) if self.validation else None
        targets = self.train.targets.to(self.hardware.device).repeat(len(features))
        return features.flatten(0, 1), targets, held

    def _end_of_features(self, index: int) -> None:
        """A checkpoint now goes on with the next phase."""
        self.processes.agree(self.model)
        self.state.phase, self.state.epoch = index + 1, 0
        self.on_epoch(self.state.history[-1], self.state)

    def _evaluate_features(self, features: Tensor) -> dict[str, Any]:
        with evaluating(self.model):
            views = torch.stack([head_logits(self.model, view) for view in features])  # (V, N, C)
        logits = views.float().log_softmax(dim=2).mean(dim=0).log_softmax(dim=1).cpu()
        assert self.validation is not None
        return evaluate_logits(logits, self.validation, self.positive)

    def _finish_epoch(
        self,
        index: int,
        epoch: int,
        loss: float,
        seconds: float,
        pictures: int,
        optimizer: torch.optim.Optimizer,
    ) -> None:
        metrics = None
        if self.validation is not None:
            metrics = evaluate(
                self.model,
                self.validation,
                self.preprocessing,
                self.hardware,
                positive=self.positive,
                mirror=self.recipe.mirror,
                processes=self.processes,
            )
        row = self._add_row(index, epoch, loss, seconds, pictures, metrics)
        self.state.phase, self.state.epoch = index, epoch + 1
        self.state.optimizer = optimizer.state_dict()
        self.on_epoch(row, self.state)

    def _add_row(
        self,
        index: int,
        epoch: int,
        loss: float,
        seconds: float,
        pictures: int,
        metrics: dict[str, Any] | None,
    ) -> dict[str, Any]:
        """Append to the history, and keep the weights when this epoch is the best so far."""
        row = {
            "phase": self.phases[index].name,
            "epoch": epoch + 1,
            "epochs": self.phases[index].epochs,
            "train_loss": loss,
            "validation": metrics,
            "seconds": seconds,
            "images_per_second": pictures / seconds,
        }
        self.state.history.append(row)
        if metrics is not None and self.recipe.select != "last":
            if self.state.best is None or self._score(row) > self._score(self.state.best):
                self.state.best = row
                self.state.best_weights = snapshot(self.model)
        return row

    def _score(self, row: dict[str, Any]) -> float:
        value = row["validation"][self.recipe.select]
        return -value if self.recipe.select == "loss" else value

    def _factors(self, start: int, total: int) -> Iterator[float]:
        shape = self.recipe.schedule
        return (lr_factor(step, total, shape) for step in itertools.count(start))


def _cuda_indices(device: torch.device) -> list[int]:
    return [device.index or 0] if device.type == "cuda" else []
