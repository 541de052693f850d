using Flip.Native;

namespace Flip.Tests.Native;

public sealed class LibTorchPlacesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_packaged_one_is_taken_where_the_runtime_finds_none() =>
        Assert.Equal((_folder.File("own"), LibTorchOrigin.Packaged), Choose(null, [_folder.File("runtime")], [Make("own")]));

    [Fact]
    public void Where_the_runtime_finds_one_it_is_taken_since_TorchSharp_would_load_it() =>
        Assert.Equal((_folder.File("first"), LibTorchOrigin.Referenced), Choose(null, [_folder.File("none"), Make("first"), Make("second")], [Make("own")]));

    [Theory]
    [InlineData("named")]
    [InlineData("named/lib")]
    public void A_named_folder_wins_over_the_packaged_one(string place)
    {
        var folder = Make(place);
        Assert.Equal((folder, LibTorchOrigin.Named), Choose(_folder.File("named"), [_folder.File("none")], [Make("own")]));
    }

    [Fact]
    public void A_named_folder_beside_one_that_TorchSharp_would_load_is_refused()
    {
        var (named, runtime) = (Make("named"), Make("runtime"));
        var error = Assert.Throws<LibTorchException>(() => Choose(named, [runtime], []));
        Assert.StartsWith($"Two libtorchs cannot be loaded: FLIP_LIBTORCH names '{named}', and TorchSharp would load '{runtime}", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("\n", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_named_folder_with_the_very_files_that_TorchSharp_would_load_is_taken()
    {
        var runtime = Make("runtime");
        Bystander.LinkTo(Path.Combine(runtime, LibTorchPlaces.MainLibrary), Path.Combine(_folder.File("link"), LibTorchPlaces.MainLibrary));
        Assert.Equal((_folder.File("link"), LibTorchOrigin.Named), Choose(_folder.File("link"), [runtime], []));
        Assert.Equal((runtime, LibTorchOrigin.Named), Choose(runtime, [runtime], []));

        Directory.CreateDirectory(_folder.File("hard"));
        Bystander.MakeHardLink(Path.Combine(runtime, LibTorchPlaces.MainLibrary), Path.Combine(_folder.File("hard"), LibTorchPlaces.MainLibrary));
        Assert.Equal((_folder.File("hard"), LibTorchOrigin.Named), Choose(_folder.File("hard"), [runtime], []));
    }

    [Theory]
    [InlineData("build-version", "2.10.0+cu128\n", "2.10.0+cu128")]
    [InlineData("build-version", "some other program's", null)]
    [InlineData("build-version", "", null)]
    [InlineData("version.py", "from typing import Optional\n\n__all__ = ['__version__']\n__version__ = '2.9.1+cpu'\ndebug = False\n", "2.9.1+cpu")]
    [InlineData("version.py", "__version__ = something()", null)]
    public void A_version_is_read_from_the_file_beside_the_folder(string name, string text, string? version)
    {
        Directory.CreateDirectory(_folder.File("lib"));
        File.WriteAllText(_folder.File(name), text);
        Assert.Equal(version, LibTorchVersion.InFiles(_folder.File("lib")));
        Assert.Equal(version, LibTorchVersion.InFiles(_folder.File("lib") + Path.DirectorySeparatorChar));
    }

    [Fact]
    public void The_linker_s_words_do_not_repeat_the_path_and_names_are_readable()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs Linux's linker");
        File.WriteAllText(_folder.File("x.so"), "no library");
        Assert.Equal((0, "file too short"), DynamicLinker.Load(_folder.File("x.so")));
        Assert.Equal("at::Tensor::sum() const", DynamicLinker.Demangle("_ZNK2at6Tensor3sumEv"));
        Assert.Equal("cuInit", DynamicLinker.Demangle("cuInit"));
    }

    private static (string Folder, LibTorchOrigin Origin)? Choose(string? named, string[] ofRuntime, string[] own) => LibTorchPlaces.Choose(named, ofRuntime, own);

    private string Make(string name)
    {
        var folder = Directory.CreateDirectory(_folder.File(name)).FullName;
        File.WriteAllText(Path.Combine(folder, LibTorchPlaces.MainLibrary), "");
        return folder;
    }
}
