using Flip.Cli.Commands;
using Flip.Native;
using Flip.Tests;
using Flip.Tests.Cli;

namespace Flip.SlowTests.Native;

/// <summary>The command starts with the libtorch of each place, and refuses what would end the process.</summary>
[Collection(Alone.Name)]
public sealed class LibTorchStartTests(LibTorchStartTests.Copy copy) : IClassFixture<LibTorchStartTests.Copy>, IDisposable
{
    private const string Runtime = "runtimes/linux-x64/native";
    private static readonly string[] Libraries = ["libc10.so", "libtorch.so", "libtorch_cpu.so"];
    private static readonly string[] Work = ["bench", "--preset", "tiny", "--steps", "1", "--batch", "4", "--mask", "0.5", "--precision", "fp32", "--json"];

    private readonly TemporaryFolder _folder = new();

    private static string Packaged => Path.Combine(AppContext.BaseDirectory, "libtorch");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_named_copy_is_loaded_in_place_of_the_packaged_one()
    {
        AssertWorks(AppContext.BaseDirectory, copy.Folder);
        AssertWorks(AppContext.BaseDirectory, Path.GetDirectoryName(copy.Folder)!); // it is in the folder lib
    }

    [Fact]
    public void A_program_without_libtorch_takes_the_named_one_and_without_a_name_says_so()
    {
        var program = Program();
        AssertWorks(program, copy.Folder);
        AssertFails(program, null, "libtorch is not beside the program: reference libtorch-cpu-linux-x64, or set FLIP_LIBTORCH to the folder of a libtorch's libraries.");
    }

    [Theory]
    [InlineData(Runtime)]
    [InlineData("")]
    public void A_libtorch_that_a_program_references_is_loaded_and_another_is_refused(string place)
    {
        var program = Program();
        LinkPackaged(Path.Combine(program, place));
        AssertWorks(program, null);
        AssertWorks(program, Packaged); // the same files by another name
        AssertFails(
            program,
            copy.Folder,
            $"Two libtorchs cannot be loaded: FLIP_LIBTORCH names '{copy.Folder}', and TorchSharp would load '{Path.Combine(program, place, "libtorch_cpu.so")}' beside it. "
            + "Unset FLIP_LIBTORCH, or build the program without the other (Flip: -p:FlipBackend=none, into an empty folder).");
    }

    [Fact]
    public void A_libtorch_that_an_older_build_left_behind_does_not_meet_a_second_one()
    {
        var program = Program();
        LinkPackaged(Path.Combine(program, Runtime));
        foreach (var file in Directory.EnumerateFiles(copy.Folder))
        {
            Link(file, Path.Combine(program, "libtorch", Path.GetFileName(file)));
        }

        AssertWorks(program, null);
    }

    [Fact]
    public void A_folder_without_libraries_is_refused()
    {
        const string advice = " FLIP_LIBTORCH names the folder of libtorch's libraries, such as libtorch/lib.";
        AssertFails(AppContext.BaseDirectory, _folder.File("none"), $"No libtorch in '{_folder.File("none")}': there is no such folder.{advice}");
        AssertFails(AppContext.BaseDirectory, _folder.Path, $"No libtorch in '{_folder.Path}': libtorch_cpu.so is not there.{advice}");
    }

    [Fact]
    public void An_incomplete_folder_is_refused()
    {
        Link(Path.Combine(Packaged, "libtorch_cpu.so"), _folder.File("libtorch_cpu.so"));
        AssertFails(AppContext.BaseDirectory, _folder.Path, $"The libtorch in '{_folder.Path}' is incomplete: libc10.so and libtorch.so are missing.");
    }

    [Fact]
    public void A_file_that_is_no_library_is_refused()
    {
        foreach (var name in Libraries)
        {
            File.WriteAllText(_folder.File(name), new string('x', 5000));
        }

        AssertFails(AppContext.BaseDirectory, _folder.Path, $"Cannot load '{_folder.File("libc10.so")}': invalid ELF header.");
    }

    [Fact]
    public void A_library_that_cuda_lacks_is_named()
    {
        LinkPackaged(_folder.Path);
        CLibrary.Make(_folder.File("elsewhere/libflipnone.so.9"), "");
        CLibrary.Make(_folder.File("libtorch_cuda.so"), "", _folder.File("elsewhere/libflipnone.so.9"));
        AssertFails(
            AppContext.BaseDirectory,
            _folder.Path,
            $"Cannot load '{_folder.File("libtorch_cuda.so")}': libflipnone.so.9: cannot open shared object file: No such file or directory. "
            + "It needs that library: install it, or name its folder in LD_LIBRARY_PATH.");
    }

    [Theory]
    [InlineData("unsigned long aoti_torch_abi_version(void) { return 0x0207010000000000ul; }", null, "version 2.7.1")]
    [InlineData("", "2.5.1+cpu\n", "version 2.5.1+cpu")]
    [InlineData("", null, "whose version is unknown")]
    public void A_libtorch_of_another_version_is_refused_before_a_call_fails(string source, string? file, string found)
    {
        var folder = _folder.File("lib");
        foreach (var name in Libraries)
        {
            CLibrary.Make(Path.Combine(folder, name), name == "libtorch_cpu.so" ? source : "");
        }

        if (file is not null)
        {
            File.WriteAllText(_folder.File("build-version"), file);
        }

        var (code, _, error) = Run(AppContext.BaseDirectory, folder);
        Assert.Equal(ExitCode.Failed, code);
        Assert.Matches(
            $@"\Aflip: The libtorch in '{folder}', {found.Replace("+", @"\+", StringComparison.Ordinal)}, does not fit: it lacks '.*(torch|at|c10)::.*'\. "
            + $@"TorchSharp is built for libtorch {LibTorch.ExpectedVersion}: take that version\.\n\z",
            error);
    }

    private static void AssertWorks(string program, string? named)
    {
        var (code, output, error) = Run(program, named);
        Assert.Equal((0, string.Empty), (code, error));
        Assert.Contains("\"samplesPerSecond\"", output, StringComparison.Ordinal);
    }

    private static void AssertFails(string program, string? named, string message)
    {
        var (code, _, error) = Run(program, named);
        Assert.Equal((ExitCode.Failed, $"flip: {message}\n"), (code, error));
    }

    private static (int Code, string Output, string Error) Run(string program, string? named) => BoundedCommand.Run(
        Work,
        folder: program,
        environment: new Dictionary<string, string> { [LibTorch.FolderVariable] = named ?? "", ["NUGET_PACKAGES"] = "/nonexistent" });

    private static void Link(string target, string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.CreateSymbolicLink(path, target);
    }

    private static void LinkPackaged(string folder)
    {
        foreach (var file in Directory.EnumerateFiles(Packaged))
        {
            Link(file, Path.Combine(folder, Path.GetFileName(file)));
        }
    }

    /// <summary>The command in a folder of its own, without libtorch.</summary>
    private string Program()
    {
        var program = _folder.File("program");
        foreach (var file in Directory.EnumerateFiles(AppContext.BaseDirectory).Concat(Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, Runtime))))
        {
            var target = Path.Combine(program, Path.GetRelativePath(AppContext.BaseDirectory, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }

        return program;
    }

    /// <summary>The packaged libtorch again, in files of their own.</summary>
    public sealed class Copy : IDisposable
    {
        private readonly TemporaryFolder _folder = new();

        public Copy()
        {
            Assert.SkipUnless(Directory.Exists(Packaged), "needs Linux and a build with libtorch: only there it lies in a folder of its own");
            TemporaryFolder.Copy(Packaged, Folder);
        }

        public string Folder => _folder.File("lib");

        public void Dispose() => _folder.Dispose();
    }
}
