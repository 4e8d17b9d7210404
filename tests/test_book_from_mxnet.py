"""The page "From MXNet to PyTorch" has every call that the sources use."""

from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parent.parent / "book/from_mxnet.md"
CALLS = """
    mx.test_utils.download urlretrieve d2l.DATA_HUB d2l.download_extract verified im2rec
    mx.io.ImageRecordIter --list --recursive --resize --quality --num-thread ImageFolderDataset
    transforms.Compose RandomResizedCrop RandomFlipLeftRight ToTensor Normalize Resize CenterCrop
    transform_first gluon.data.DataLoader reset() batch.data[0] batch.label[0] skimage.io.imread
    rgba2rgb mx.nd.array mx.image.resize_short mx.image.center_crop mx.image.color_normalize
    mx.nd.transpose mx.nd.expand_dims mx.nd.SoftmaxActivation asnumpy np.argmax
    squeezenet1_1(pretrained=True resnet18_v2 mx.model.load_checkpoint arg_params aux_params prefix=
    classes=2 net.features net.output initialize(init.Xavier()) mx.init.Xavier get_internals
    mx.symbol.FullyConnected mx.symbol.SoftmaxOutput allow_missing params.get('weight') .data()
    mx.nd.split np.split mx.nd.concat mx.nd.random_normal set_data 713 gluon.Trainer
    collect_params gluon.loss.SoftmaxCrossEntropyLoss autograd.record .backward() trainer.step
    lr_mult grad_req positive_class_weight mx.mod.Module mod.fit num_epoch mx.callback.Speedometer
    batch_end_callback eval_metric mod.score d2l.train_ch13 mx.metric.create mx.metric.Accuracy
    metric.update metric.get metric.reset mx.cpu() mx.gpu(i) mx.Context d2l.try_all_gpus reset_ctx
    split_and_load kvstore hybridize npx.set_np save_params load_params
    models.resnet18(pretrained=True) models.densenet161(pretrained=True) T.ToTensor unsqueeze
    requests.get CIFAR10 nn.CrossEntropyLoss optim.SGD named_parameters param.requires_grad
    d2l.show_images %pylab ef.inspect ef.scan torch.nn.Linear(num_ftrs
"""


@pytest.mark.parametrize("call", CALLS.split())
def test_the_call_is_there(call):
    assert call in PAGE.read_text(encoding="utf-8")


def test_it_is_in_the_book():
    assert "book/from_mxnet" in (PAGE.parent / "_toc.yml").read_text(encoding="utf-8")
