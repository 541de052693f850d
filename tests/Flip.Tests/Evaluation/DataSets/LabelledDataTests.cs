using Flip.Data;
using Flip.Data.Layouts;
using Flip.Evaluation.DataSets;
using Flip.Tests.Data.Images;

namespace Flip.Tests.Evaluation.DataSets;

public sealed class LabelledDataTests : IDisposable
{
    private readonly ImageFolderFixture _images = new ImageFolderFixture().Add(3);

    public void Dispose() => _images.Dispose();

    [Fact]
    public void Sets_with_several_labels_an_image_are_refused_by_the_image()
    {
        Assert.Equal([1, 0, 1], LabelledData.SingleLabels(Set([[1], [0], [1]]), "set"));
        var several = Assert.Throws<ConfigException>(() => LabelledData.SingleLabels(Set([[1], [0, 1], [1]]), "set"));
        Assert.Contains("several labels an image, such as '0001.png' with 2", several.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Training_images_of_one_class_are_refused_since_nothing_could_be_learnt()
    {
        Assert.Equal([1, 0, 1], LabelledData.TrainingLabels(Set([[1], [0], [1]], "cat", "dog"), "set"));
        var one = Assert.Throws<ConfigException>(() => LabelledData.TrainingLabels(Set([[1], [1], [1]], "cat", "dog"), "set"));
        Assert.Equal("All 3 images of 'set' are of the class 'dog': a classifier is trained on at least two classes.", one.Message);
    }

    [Fact]
    public void Training_and_test_set_have_the_same_classes()
    {
        Assert.Equal(["a", "b", "c"], LabelledData.CommonNames(Set([[0]], "a", "b"), Set([[0]], "a", "b", "c")));
        var error = Assert.Throws<ConfigException>(() => LabelledData.CommonNames(Set([[0]], "a", "b"), Set([[0]], "a", "c")));
        Assert.Contains("Class 1 is 'b' in --train and 'c' in --test", error.Message, StringComparison.Ordinal);
    }

    private LabelledImages Set(int[][] labels, params string[] names) => new(ImageSources.Open(_images.Path), labels, names);
}
